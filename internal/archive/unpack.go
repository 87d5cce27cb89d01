package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"testing/fstest"
)

func gunzip(content []byte) (fs.FS, error) {
	in, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	return untar(in)
}

// untar reads a tar file. The whole of it is in memory.
func untar(r io.Reader) (fs.FS, error) {
	m := fstest.MapFS{}
	in := tar.NewReader(r)
	for size := int64(0); ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return m, nil
		} else if err != nil {
			return nil, err
		}
		f := &fstest.MapFile{Mode: header.FileInfo().Mode()}
		switch header.Typeflag {
		case tar.TypeSymlink:
			f.Data = []byte(header.Linkname)
		case tar.TypeLink:
			return nil, fmt.Errorf("%s is a hard link: pack it as a file", header.Name)
		case tar.TypeReg:
			if size += header.Size; size > MaxSize {
				return nil, tooLarge
			}
			if f.Data, err = io.ReadAll(in); err != nil {
				return nil, err
			}
		}
		if err := put(m, header.Name, f); err != nil {
			return nil, err
		}
	}
}

func unzip(content []byte) (fs.FS, error) {
	m := fstest.MapFS{}
	in, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, err
	}
	size := uint64(0)
	for _, entry := range in.File {
		if size += entry.UncompressedSize64; size > MaxSize {
			return nil, tooLarge
		}
		content, err := entry.Open()
		if err != nil {
			return nil, err
		}
		// The size that the file's head tells need not be true.
		data, err := io.ReadAll(io.LimitReader(content, MaxSize+1))
		if err = errors.Join(err, content.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name, err)
		}
		if err := put(m, entry.Name, &fstest.MapFile{Data: data, Mode: entry.Mode()}); err != nil {
			return nil, err
		}
	}
	return m, nil
}

var tooLarge = fmt.Errorf("its files have more than %d bytes, the limit: every instance fetches them while it boots", MaxSize)

// put adds a file to those of an archive.
func put(m fstest.MapFS, name string, f *fstest.MapFile) error {
	clean := path.Clean(name)
	if !fs.ValidPath(clean) {
		return fmt.Errorf("%q leads out of it", name)
	}
	if clean == "." {
		return nil
	}
	if _, twice := m[clean]; twice && !f.Mode.IsDir() {
		return fmt.Errorf("%q is in it twice", name)
	}
	m[clean] = f
	return nil
}
