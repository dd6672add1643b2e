package run

// The models that come with kvscope, by the names of their files: plain attention, and the
// same with a memory in its keys and values. They are what is asked where no model is named;
// nothing else is known of a model by its name.
const (
	DemoPlain  = "attention"
	DemoMemory = "ratplus"
)

// DemoModels lists them, the plain one first.
func DemoModels() []string { return []string{DemoPlain, DemoMemory} }
