package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// beside are the files that every archive holds beside the program.
var beside = []string{"LICENSE", "README.md", "CHANGELOG.md"}

func main() {
	out := flag.String("out", "", "folder to write the archives to")
	version := flag.String("version", "", "version in the archives' names")
	flag.Parse()
	if err := release(*out, *version, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func release(out, version string, programs []string) error {
	if out == "" || version == "" || len(programs) == 0 {
		return fmt.Errorf("want -out, -version and at least one program")
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	var sums bytes.Buffer
	for _, program := range programs {
		platform := filepath.Base(filepath.Dir(program))
		name := fmt.Sprintf("kvscope-%s-%s", version, platform)
		pack, ending := tarball, ".tar.gz"
		if strings.HasPrefix(platform, "windows") {
			pack, ending = zipped, ".zip"
		}
		var archive bytes.Buffer
		if err := pack(&archive, name, append([]string{program}, beside...)); err != nil {
			return fmt.Errorf("%s: %w", name+ending, err)
		}
		if err := os.WriteFile(filepath.Join(out, name+ending), archive.Bytes(), 0o644); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(archive.Bytes()), name+ending)
	}
	return os.WriteFile(filepath.Join(out, "SHA256SUMS"), sums.Bytes(), 0o644)
}

// mode is a file's permissions in an archive: the program, which comes first, can be run.
func mode(i int) os.FileMode {
	if i == 0 {
		return 0o755
	}
	return 0o644
}

func tarball(w io.Writer, folder string, files []string) error {
	compressed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	for i, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		header := &tar.Header{Name: folder + "/" + filepath.Base(file), Mode: int64(mode(i)), Size: int64(len(data)), Typeflag: tar.TypeReg}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(data); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return compressed.Close()
}

func zipped(w io.Writer, folder string, files []string) error {
	archive := zip.NewWriter(w)
	for i, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		header := &zip.FileHeader{Name: folder + "/" + filepath.Base(file), Method: zip.Deflate}
		header.SetMode(mode(i))
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := entry.Write(data); err != nil {
			return err
		}
	}
	return archive.Close()
}
