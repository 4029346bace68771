package data

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// patience is the longest silence of a server. pause is the server's time to recover after a broken
// download.
const (
	patience = 60 * time.Second
	pause    = 500 * time.Millisecond
)

// refused is an error of a server after which an immediate second attempt is useless.
type refused struct{ error }

func (r refused) Unwrap() error { return r.error }

// errExcess is wrapped by the error of a download that is larger than the official file can be.
var errExcess = errors.New("the official file is smaller")

func (d download) exceeds() error {
	return refused{fmt.Errorf("the file at %s has more than %d bytes, and %w: look at it in a browser", d.url, d.most, errExcess)}
}

// get downloads into a file unless the file has the right checksum already. A partial download
// stays in file.part.
func (d download) get(ctx context.Context, file string, progress Progress) error {
	if d.official(file) {
		return nil
	}
	part := file + ".part"
	for anew := 0; ; anew++ {
		resumed, err := d.arrive(ctx, part, progress)
		if errors.Is(err, errExcess) {
			os.Remove(part) // it can't become the file; the next attempt begins anew
		}
		if err != nil {
			return err
		}
		if d.official(part) {
			break
		}
		sum, err := checksum(part, md5.New())
		if err != nil {
			return err
		}
		if err := os.Remove(part); err != nil {
			return err
		}
		// The part may come from another version of the file, so one attempt starts anew.
		if !resumed || anew > 0 {
			return refused{fmt.Errorf("the file at %s is not the official one (MD5 %s instead of %s), perhaps a proxy's page: look at it in a browser", d.url, sum, d.md5)}
		}
	}
	return os.Rename(part, file)
}

// arrive completes the part. It resumes broken downloads as long as every second attempt receives
// bytes. resumed reports that the part was not empty at first.
func (d download) arrive(ctx context.Context, part string, progress Progress) (resumed bool, err error) {
	size := func() int64 {
		info, err := os.Stat(part)
		if err != nil {
			return 0
		}
		return info.Size()
	}
	resumed = size() > 0
	for vain := 0; vain < 2; {
		before := size()
		if err = d.request(ctx, part, progress); err == nil {
			return resumed, nil
		}
		if ctx.Err() != nil {
			return resumed, ctx.Err()
		}
		var path *fs.PathError
		if errors.As(err, new(refused)) || errors.As(err, &path) {
			return resumed, err
		}
		if vain++; size() > before {
			vain = 0
		}
		select {
		case <-ctx.Done():
			return resumed, ctx.Err()
		case <-time.After(pause):
		}
	}
	var get *url.Error
	if errors.As(err, &get) {
		err = get.Err // the message around it contains the address
	}
	return resumed, refused{fmt.Errorf("%s can't be downloaded: %w; try again, the part that has arrived is kept", d.url, err)}
}

// request asks for the missing bytes of the part and appends them.
func (d download) request(ctx context.Context, part string, progress Progress) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(patience, func() { cancel(fmt.Errorf("the server was silent for %v", patience)) })
	defer silence.Stop()
	defer func() {
		if errors.Is(err, context.Canceled) {
			err = context.Cause(ctx)
		}
	}()

	f, err := os.OpenFile(part, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	have, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, nil)
	if err != nil {
		return refused{err}
	}
	if have > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	total := int64(-1)
	switch {
	case answer.StatusCode == http.StatusPartialContent && strings.HasPrefix(answer.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", have)):
	case answer.StatusCode == http.StatusRequestedRangeNotSatisfiable && have > 0:
		return nil // nothing is missing; the checksum decides
	case answer.StatusCode == http.StatusOK: // the whole file; perhaps the server can't resume
		if have, err = 0, f.Truncate(0); err != nil {
			return err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
	case answer.StatusCode >= 500:
		return fmt.Errorf("the server answers %s", answer.Status)
	default:
		return refused{fmt.Errorf("%s can't be downloaded: the server answers %s", d.url, answer.Status)}
	}
	if answer.ContentLength >= 0 {
		total = have + answer.ContentLength
	}
	if d.most > 0 && total > d.most {
		return d.exceeds()
	}
	progress(d.name, have, total)
	buffer := make([]byte, 256<<10)
	for {
		n, err := answer.Body.Read(buffer)
		if d.most > 0 && have+int64(n) > d.most {
			return d.exceeds()
		}
		if n > 0 {
			silence.Reset(patience)
			if _, err := f.Write(buffer[:n]); err != nil {
				return err
			}
			have += int64(n)
			progress(d.name, have, total)
		}
		if errors.Is(err, io.EOF) {
			return f.Sync()
		}
		if err != nil {
			return err
		}
	}
}
