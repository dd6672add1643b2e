package whole

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Prefix begins the name of a file that is being written. It lies in the folder of the one that
// it becomes, and stays there where the program ends before it is done.
const Prefix = ".kvscope-"

// Write puts a new file of a mode at path, whatever was there: what a link leads to is not
// written to, and the mode of an older file is not kept.
func Write(path string, content []byte, mode fs.FileMode) error {
	f, err := Create(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // by then renamed, or an error is told already
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(mode), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Create makes a file in folder that is to be renamed when it is whole. Only this user can read
// it.
func Create(folder string) (*os.File, error) { return os.CreateTemp(folder, Prefix+"*") }
