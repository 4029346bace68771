package bundle

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/backend/plugin"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/internal/cachedir"
	"github.com/essnas/essnas/lib/run"
)

// Options describe a bundle.
type Options struct {
	Program  string   // path of the program; "" for the running one
	Plugins  []string // names of plugins, see plugin.Fetchable
	Datasets []string // names of data sets
	Data     string   // directory of the data sets; "" for data.Directory
	CacheDir string   // "" for cachedir.Path()
	// NoExecutables leaves compiled programs out.
	NoExecutables bool
	Log           io.Writer // receives messages on downloads; nil: none
}

// Manifest is bundle.json.
type Manifest struct {
	Versions    map[string]string `json:"versions"`
	Created     time.Time         `json:"created"`
	Plugins     []string          `json:"plugins"`
	Datasets    []string          `json:"datasets"`
	Libraries   []string          `json:"libraries"`
	Executables int               `json:"executables"` // compiled programs
	GLIBC       string            `json:"glibc"`       // oldest suitable version of the C library
}

// Names of files in a bundle.
const (
	root         = "essnas"
	manifestName = "bundle.json"
	sumsName     = "SHA256SUMS"
)

// entry is a file to pack.
type entry struct {
	name     string // path in the bundle, with slashes
	path     string // path on this machine
	content  []byte // content, if there is no path
	optional bool   // left out if the cache removes it meanwhile
}

// Make writes a bundle into a .tar.gz file, whole or not at all, and returns its manifest. Plugins
// that are not in the cache yet are fetched by pip. Make returns an error if a plugin can't be
// fetched, a data set or a library is missing, or a file can't be read or written.
func Make(ctx context.Context, archive string, o Options) (m Manifest, err error) {
	if info, err := os.Stat(archive); err == nil && !info.Mode().IsRegular() {
		return m, fmt.Errorf("%s is not a file: name the archive to write", archive)
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.CacheDir == "" {
		if o.CacheDir, err = cachedir.Path(); err != nil {
			return m, err
		}
	}
	if o.Program == "" {
		if o.Program, err = os.Executable(); err != nil {
			return m, err
		}
	}
	m = Manifest{Versions: run.Versions(), Created: time.Now().UTC().Truncate(time.Second), Plugins: o.Plugins, Datasets: o.Datasets}
	files, err := o.collect(ctx, &m)
	if err != nil {
		return m, err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	files = append(files, entry{name: manifestName, content: append(text, '\n')})
	return m, atomicfile.Write(archive, func(w io.Writer) error { return pack(ctx, w, files) })
}

// collect lists the files of the bundle except the manifest, and fills the manifest.
func (o Options) collect(ctx context.Context, m *Manifest) (files []entry, err error) {
	files = []entry{{name: "essnas", path: o.Program}}
	for _, name := range o.Plugins {
		dir, err := plugin.Fetch(ctx, name, plugin.Dir(o.CacheDir), o.Log)
		if err != nil {
			return nil, err
		}
		found, err := below(dir, path.Join("cache", "plugins", filepath.Base(dir)), false)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	libraries, glibc, err := needed(files)
	if err != nil {
		return nil, err
	}
	m.GLIBC = glibc
	for _, l := range libraries {
		m.Libraries = append(m.Libraries, path.Base(l.name))
	}
	files = append(files, libraries...)
	if !o.NoExecutables {
		for _, sub := range []string{"executables", "choices"} {
			found, err := below(filepath.Join(o.CacheDir, sub), path.Join("cache", sub), true)
			if err != nil {
				return nil, err
			}
			files = append(files, found...)
			if sub == "executables" {
				m.Executables = len(found)
			}
		}
	}
	for _, name := range o.Datasets {
		found, err := data.Files(name, o.Data)
		if err != nil {
			return nil, err
		}
		for name, p := range found {
			files = append(files, entry{name: path.Join("data", name), path: p})
		}
	}
	slices.SortFunc(files[1:], func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return files, nil
}

// below lists the regular files of a directory, without hidden files, which concern this machine
// only. A missing directory is an error unless it is optional.
func below(dir, name string, optional bool) (files []entry, err error) {
	err = filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && optional:
			return nil
		case err != nil:
			return err
		case !e.Type().IsRegular() || strings.HasPrefix(e.Name(), "."):
			return nil
		}
		inside, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		files = append(files, entry{name: path.Join(name, filepath.ToSlash(inside)), path: p, optional: optional})
		return nil
	})
	return files, err
}

// pack writes the archive. The file of checksums comes last, when all checksums are known.
func pack(ctx context.Context, w io.Writer, files []entry) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed) // slower levels hardly shrink the large plugins further
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	var sums strings.Builder
	seen := map[string]bool{}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !filepath.IsLocal(filepath.FromSlash(f.name)) || strings.ContainsAny(f.name, "\\\n") || seen[f.name] {
			return fmt.Errorf("%q can't be the name of a file in a bundle", f.name)
		}
		seen[f.name] = true
		sum, err := add(t, f)
		if errors.Is(err, fs.ErrNotExist) && f.optional {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s can't be packed: %w", f.path, err)
		}
		fmt.Fprintf(&sums, "%s  %s\n", sum, f.name)
	}
	if _, err := add(t, entry{name: sumsName, content: []byte(sums.String())}); err != nil {
		return err
	}
	if err := t.Close(); err != nil {
		return err
	}
	return z.Close()
}

// add writes a file into the archive and returns its SHA-256.
func add(t *tar.Writer, f entry) (sum string, err error) {
	var content io.Reader = strings.NewReader(string(f.content))
	size, mode := int64(len(f.content)), int64(0o644)
	if f.content == nil {
		file, err := os.Open(f.path)
		if err != nil {
			return "", err
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			return "", err
		}
		if !info.Mode().IsRegular() {
			return "", errors.New("it is no regular file")
		}
		content, size = file, info.Size()
		if info.Mode()&0o100 != 0 || f.name == "essnas" {
			mode = 0o755
		}
	}
	if strings.HasPrefix(f.name, "cache/") {
		mode &= 0o700 // other users must not be able to put code into the cache
	}
	// The fixed time makes archives of equal files equal.
	header := &tar.Header{Typeflag: tar.TypeReg, Name: path.Join(root, f.name), Size: size, Mode: mode, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
	if err := t.WriteHeader(header); err != nil {
		return "", err
	}
	h := sha256.New()
	if n, err := io.Copy(io.MultiWriter(t, h), content); err != nil {
		return "", err
	} else if n != size {
		return "", fmt.Errorf("it became shorter meanwhile, %d instead of %d bytes", n, size)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
