package train

import (
	"fmt"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// demo is a demo model as a learner: all of its weights.
type demo struct {
	config   model.Config
	kernels  *ops.Kernels
	parallel *DataParallel
	opt      *Optimizer
}

func newDemo(cfg Config, k *ops.Kernels) *demo {
	return &demo{
		config: cfg.Model, kernels: k, opt: NewOptimizer(cfg.Model, k),
		parallel: NewDataParallel(cfg.Model, Initialise(cfg.Model, cfg.Seed), k),
	}
}

func (d *demo) learn(b *Batch, mask Mask, t turn) (loss, norm float64, right []bool) {
	loss, right = d.parallel.Step(b, mask)
	d.opt.Steps = t.step - 1
	return loss, d.opt.Update(d.parallel.Main, t.lr, t.hold), right
}

func (d *demo) answer(b *Batch) []bool {
	_, right := d.parallel.Evaluate(b, Mask{})
	return right
}

func (d *demo) state() []checkpoint.Tensor {
	ts := d.parallel.Main.Weights.Tensors(d.config, "", checkpoint.NewF32)
	ts = append(ts, d.opt.M.Tensors(d.config, "moment1.", checkpoint.NewF32)...)
	return append(ts, d.opt.V.Tensors(d.config, "moment2.", checkpoint.NewF32)...)
}

func (d *demo) metadata() map[string]string { return d.config.Metadata() }

func (d *demo) save(path string, metadata map[string]string) error {
	return checkpoint.Save(path, metadata, d.parallel.Main.Weights.Tensors(d.config, "", checkpoint.NewF16))
}

func (d *demo) resume(f *checkpoint.File) error {
	cfg, err := model.ReadConfig(f, "")
	if err != nil {
		return err
	}
	w, err := model.ReadWeights(f, cfg, "")
	if err != nil {
		return err
	}
	if cfg != d.config {
		return fmt.Errorf("it holds %v, the config asks for %v", cfg, d.config)
	}
	if d.opt.M, err = model.ReadWeights(f, cfg, "moment1."); err != nil {
		return err
	}
	if d.opt.V, err = model.ReadWeights(f, cfg, "moment2."); err != nil {
		return err
	}
	d.parallel = NewDataParallel(cfg, w, d.kernels)
	return nil
}
