package main

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backend/plugin"
	"github.com/essnas/essnas/lib/internal/cachedir"
	"github.com/essnas/essnas/lib/internal/faults"
	"github.com/gofrs/flock"
	"github.com/janpfeifer/must"
	"github.com/rogpeppe/go-internal/testscript"
)

// asProgram, set to 1, makes this test binary the program itself.
const asProgram = "ESSNAS_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	faults.Main()
	if os.Getenv(asProgram) == "1" {
		main()
	}
	testscript.Main(m, map[string]func(){"essnas": main})
}

// TestScripts runs testdata/*.txtar: what is typed, and what is answered. Plugin and compiled
// programs are the user's own, as for any run.
func TestScripts(t *testing.T) {
	cache := must.M1(cachedir.Path())
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("ESSNAS_CACHE", cache)
			e.Setenv("ESSNAS_DATA", e.WorkDir+"/data")
			e.Setenv("ESSNAS_RUNS", e.WorkDir+"/runs")
			e.Setenv("ESSNAS_BACKEND", "cpu")
			e.Setenv("ESSNAS_RETUNED", "1")
			e.Setenv("PJRT_NPROC", os.Getenv("PJRT_NPROC")) // XLA's threads
			e.Setenv("BIN", filepath.Dir(must.M1(exec.LookPath("essnas"))))
			return os.Mkdir(e.WorkDir+"/data", 0o755)
		},
		Condition: func(name string) (bool, error) { return name == "mounts" && mounts() || name == "gpu" && gpu(), nil },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"bytes":    writeBytes,
			"truncate": truncate,
			"png":      writePNG,
			"folder":   writeFolder,
			"bomb":     writeBomb,
			"hold":     hold,
			"sentence": sentence,
		},
	})
}

// mounts says whether this user may mount file systems in a name space of its own.
func mounts() bool {
	return exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt").Run() == nil
}

func gpu() bool {
	gpus, _ := plugin.GPUs()
	return len(gpus) > 0
}

// bytes FILE N VALUE writes N bytes of a value.
func writeBytes(ts *testscript.TestScript, _ bool, args []string) {
	value := must.M1(strconv.Atoi(args[2]))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat([]byte{byte(value)}, must.M1(strconv.Atoi(args[1]))), 0o644))
}

// truncate FILE N cuts a file to N bytes.
func truncate(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.Truncate(ts.MkAbs(args[0]), int64(must.M1(strconv.Atoi(args[1])))))
}

// png FILE WIDTH HEIGHT draws a picture.
func writePNG(ts *testscript.TestScript, _ bool, args []string) {
	im := image.NewNRGBA(image.Rect(0, 0, must.M1(strconv.Atoi(args[1])), must.M1(strconv.Atoi(args[2]))))
	for i := range im.Pix {
		im.Pix[i] = uint8(i * 31)
	}
	im.Set(0, 0, color.Black)
	var b bytes.Buffer
	ts.Check(png.Encode(&b, im))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o644))
}

// folder DIR N CLASS... draws N pictures of each class: each class has a colour, each picture
// another shade of it.
func writeFolder(ts *testscript.TestScript, _ bool, args []string) {
	for k, class := range args[2:] {
		dir := filepath.Join(ts.MkAbs(args[0]), class)
		ts.Check(os.MkdirAll(dir, 0o755))
		for n := range must.M1(strconv.Atoi(args[1])) {
			im := image.NewNRGBA(image.Rect(0, 0, 24, 20))
			for i := range 24 * 20 {
				c := color.NRGBA{R: uint8(200 - 150*k + i/24), G: uint8(10*n + i%24), B: uint8(40 + 150*k + i%20), A: 255}
				im.Set(i%24, i/24, c)
			}
			var b bytes.Buffer
			ts.Check(png.Encode(&b, im))
			ts.Check(os.WriteFile(filepath.Join(dir, strconv.Itoa(n+1)+".png"), b.Bytes(), 0o644))
		}
	}
}

// bomb FILE writes the beginning of a PNG of 60,000 x 60,000 pixels.
func writeBomb(ts *testscript.TestScript, _ bool, args []string) {
	header := []byte("IHDR\x00\x00\xea\x60\x00\x00\xea\x60\x08\x06\x00\x00\x00")
	raw := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), header...)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), binary.BigEndian.AppendUint32(raw, crc32.ChecksumIEEE(header)), 0o644))
}

// hold FILE takes a lock to the end of the script.
func hold(ts *testscript.TestScript, _ bool, args []string) {
	lock := flock.New(ts.MkAbs(args[0]))
	if ok, err := lock.TryLock(); !ok || err != nil {
		ts.Fatalf("can't lock %s: %v", args[0], err)
	}
	ts.Defer(func() { lock.Close() })
}

// sentence checks that the last command complained in one line that starts with the program's name
// and is no stack trace; and that the line holds each of the arguments.
func sentence(ts *testscript.TestScript, _ bool, args []string) {
	text := strings.TrimSuffix(ts.ReadFile("stderr"), "\n")
	lines := strings.Split(text, "\n")
	last := lines[len(lines)-1]
	if !strings.HasPrefix(last, "essnas: ") || strings.Contains(text, "goroutine ") || strings.Contains(text, ".go:") {
		ts.Fatalf("not a sentence: %s", text)
	}
	for _, a := range args {
		if !strings.Contains(last, a) {
			ts.Fatalf("the sentence does not hold %q", a)
		}
	}
}
