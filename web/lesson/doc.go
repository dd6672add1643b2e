// Package lesson holds the lecture: lessons whose steps are addresses of the explorer, with
// what to read, what to look at and what to predict. Everything that a step says about the
// runs on its screen is a claim too, which a test puts to the engine: other models cannot
// make a lesson say what is not so.
//
//	l, ok := lesson.Find("quest")
//	for i := range l.Steps {
//		fmt.Println(l.Steps[i].Title, l.Steps[i].Query)
//	}
package lesson
