// Package view has the pictures below the heads of a column. A view is one value, made
// in one file: what it is called, in an address too, what it needs of a run, its keys,
// how it is drawn and what is saved of it. The chooser, the addresses, the keyboard and
// the files come from the list that All returns; adding a view is a file, its test and
// a line there.
//
//	for _, v := range view.All() {
//		fmt.Println(v.Name, v.Title)
//	}
package view
