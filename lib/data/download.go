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

// How long a server may be silent, and how long it gets to recover when a download broke off.
const (
	patience = 60 * time.Second
	pause    = 500 * time.Millisecond
)

// refused is what a server does that doesn't send the file; another attempt at once will not mend it.
type refused struct{ error }

func (r refused) Unwrap() error { return r.error }

// get downloads into a file, unless it is there already with the right checksum. What has arrived is kept in file.part.
func (d download) get(ctx context.Context, file string, progress Progress) error {
	if d.official(file) {
		return nil
	}
	part := file + ".part"
	for anew := 0; ; anew++ {
		resumed, err := d.arrive(ctx, part, progress)
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
		// A beginning from another time may have spoilt it: once more, from the start.
		if !resumed || anew > 0 {
			return refused{fmt.Errorf("what %s sends is not the official file (MD5 %s instead of %s), perhaps a proxy's page: look at it in a browser", d.url, sum, d.md5)}
		}
	}
	return os.Rename(part, file)
}

// arrive completes the part. A download that breaks off is taken up again, as long as each second attempt brings something.
// resumed: the part didn't begin with nothing.
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
		err = get.Err // without the address again
	}
	return resumed, refused{fmt.Errorf("%s can't be downloaded: %w; try again, what has arrived is kept", d.url, err)}
}

// request asks for what is missing of the part and appends it.
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
		return nil // nothing is missing; the checksum will tell
	case answer.StatusCode == http.StatusOK: // all of it, perhaps because the server can't resume
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
	progress(d.name, have, total)
	buffer := make([]byte, 256<<10)
	for {
		n, err := answer.Body.Read(buffer)
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
