package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// What the data folder holds.
const (
	storeFile    = "kvscope.db"
	queueFolder  = "queue"
	tracesFolder = "traces"
)

// dataVariable of the environment names the data folder where no flag does.
const dataVariable = "KVSCOPE_DATA"

// dataFolder is the usual place for what kvscope keeps, and whether it is below the present
// folder only because the system knows no other.
func dataFolder() (path string, homeless bool) {
	if dir := os.Getenv(dataVariable); dir != "" {
		return dir, false
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "kvscope-data", true
	}
	return filepath.Join(dir, "kvscope"), false
}

// dataFlag defines --data, and lets it be said once the flags are read that the folder is
// not where one would look for it.
func dataFlag(fs *flagSet, usage string) *string {
	path, homeless := dataFolder()
	data := fs.String("data", path, usage)
	fs.parsed = append(fs.parsed, func() {
		fs.Visit(func(f *flag.Flag) { homeless = homeless && f.Name != "data" })
		if homeless {
			at, err := filepath.Abs(path)
			if err != nil {
				at = path
			}
			fmt.Fprintf(fs.stderr, "kvscope %s: HOME is not set, so that the data folder is %s; choose another with --data or %s\n", fs.Name(), at, dataVariable)
		}
	})
	return data
}

// looseFolder says who else gets into folder, "" where only its user does. The files in it
// are closed to others by themselves; the folder may be anybody's, and is left as it is.
func looseFolder(folder string) string {
	info, err := os.Stat(folder)
	if err != nil || runtime.GOOS == "windows" { // which has no such modes
		return ""
	}
	switch mode := info.Mode(); {
	case mode.Perm()&0o022 != 0 && mode&os.ModeSticky == 0:
		return fmt.Sprintf("other users may replace the files in %s (mode %v); close it with chmod 700", folder, mode.Perm())
	case mode.Perm()&0o077 != 0:
		return fmt.Sprintf("other users may list %s (mode %v), not read its files; close it with chmod 700", folder, mode.Perm())
	}
	return ""
}
