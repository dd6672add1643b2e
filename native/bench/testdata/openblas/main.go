// Command openblas holds kvscope's matrix product against OpenBLAS's, one core
// each, in turns. It is not part of the build: it needs cgo and the library, on
// Debian libopenblas-dev. From the module's root:
//
//	go run ./native/bench/testdata/openblas
package main

/*
#cgo LDFLAGS: -lopenblas
extern void openblas_set_num_threads(int);
extern char *openblas_get_config(void);
extern char *openblas_get_corename(void);
extern void cblas_sgemm(int order, int transA, int transB, int m, int n, int k,
	float alpha, const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
*/
import "C"

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"time"

	"kvscope/engine/ops"
	"kvscope/native/bench"
	"kvscope/native/simd"
)

func main() {
	log.SetFlags(0)
	rounds := flag.Int("rounds", 60, "turns of each side; the shortest counts")
	asJSON := flag.Bool("json", false, "print a report as kvscope bench does")
	flag.Parse()
	C.openblas_set_num_threads(1)
	library := fmt.Sprintf("%s, kernels for %s", C.GoString(C.openblas_get_config()), C.GoString(C.openblas_get_corename()))
	r := bench.Report{Path: simd.Best().Name}
	for _, n := range []int{256, 512, 1024, 2048} {
		ours, theirs := measure(n, *rounds)
		flop := 2 * float64(n) * float64(n) * float64(n)
		size := fmt.Sprintf("%dx%dx%d", n, n, n)
		r.Rows = append(r.Rows,
			bench.Row{Name: "matmul", Size: size, Value: flop / ours, Unit: "GFLOP/s", Ratio: theirs / ours, Baseline: "openblas"},
			bench.Row{Name: "openblas", Size: size, Value: flop / theirs, Unit: "GFLOP/s"})
	}
	if *asJSON {
		if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
			log.Fatal(err)
		}
		return
	}
	fmt.Printf("%s\n%s kernels\n", library, r.Path)
	for _, row := range r.Rows {
		fmt.Printf("%-10s %-16s %7.1f %s", row.Name, row.Size, row.Value, row.Unit)
		if row.Ratio > 0 {
			fmt.Printf(", %.2f of %s", row.Ratio, row.Baseline)
		}
		fmt.Println()
	}
}

// measure returns the shortest time of a product of n x n matrices on each side,
// in nanoseconds.
func measure(n, rounds int) (ours, theirs float64) {
	a, b, c, d := values(n*n), values(n*n), make([]float32, n*n), make([]float32, n*n)
	k := simd.Best()
	const rowMajor, plain = 101, 111
	for range rounds {
		start := time.Now()
		k.MatMul(ops.Dense(c, n, n), ops.Dense(a, n, n), ops.Dense(b, n, n), false)
		keepLeast(&ours, start)
		start = time.Now()
		size := C.int(n)
		C.cblas_sgemm(rowMajor, plain, plain, size, size, size, 1,
			(*C.float)(&a[0]), size, (*C.float)(&b[0]), size, 0, (*C.float)(&d[0]), size)
		keepLeast(&theirs, start)
	}
	for i := range c {
		if diff := c[i] - d[i]; diff > 1e-3 || diff < -1e-3 {
			log.Fatalf("%dx%d: element %d is %v here and %v there", n, n, i, c[i], d[i])
		}
	}
	return ours, theirs
}

func keepLeast(best *float64, start time.Time) {
	if d := float64(time.Since(start).Nanoseconds()); *best == 0 || d < *best {
		*best = d
	}
}

func values(n int) []float32 {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	x := make([]float32, n)
	for i := range x {
		x[i] = r.Float32() - 0.5
	}
	return x
}
