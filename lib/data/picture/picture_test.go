package picture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func file(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// The files are Pillow's: testdata/orientations.py.
func TestPicturesOfEveryOrientationAreSeenUpright(t *testing.T) {
	want, err := Decode(file(t, "upright.png"))
	if err != nil {
		t.Fatal(err)
	}
	for format, tolerance := range map[string]int{"png": 0, "webp": 0, "jpg": 8} {
		for orientation := 1; orientation <= 8; orientation++ {
			name := fmt.Sprintf("exif%d.%s", orientation, format)
			raw := file(t, name)
			if o := Orientation(raw); o != orientation {
				t.Errorf("%s has orientation %d", name, o)
			}
			got, err := Decode(raw)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got.Bounds().Size() != want.Bounds().Size() {
				t.Errorf("%s has the size %v, want %v", name, got.Bounds().Size(), want.Bounds().Size())
				continue
			}
			a, b := Square(got, 8, 3), Square(want, 8, 3)
			for i := range a {
				if d := int(a[i]) - int(b[i]); d > tolerance || d < -tolerance {
					t.Errorf("%s: value %d is %d, want %d", name, i, a[i], b[i])
					break
				}
			}
		}
	}
}

// bomb is a PNG that announces so many pixels.
func bomb(width, height uint32) []byte {
	raw := []byte("\x89PNG\r\n\x1a\n")
	chunk := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)...)
	chunk = append(chunk, 8, 6, 0, 0, 0)
	raw = binary.BigEndian.AppendUint32(raw, 13)
	raw = append(raw, chunk...)
	return binary.BigEndian.AppendUint32(raw, crc32.ChecksumIEEE(chunk))
}

func TestALargePictureIsRefusedBeforeItIsUnpacked(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, size := range [][2]uint32{{30000, 30000}, {1 << 31, 1}, {1<<31 - 1, 1<<31 - 1}} {
		if _, err := Decode(bomb(size[0], size[1])); err == nil {
			t.Errorf("%v pixels are read", size)
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("refusing took %d bytes", n)
	}
}

func TestAFileThatIsNoPictureIsNamedSo(t *testing.T) {
	whole := file(t, "upright.png")
	for name, raw := range map[string][]byte{"text": []byte("hello"), "empty": nil, "cut short": whole[:len(whole)/2]} {
		if _, err := Decode(raw); err == nil || !strings.Contains(err.Error(), "can't be read") || strings.Contains(err.Error(), "png:") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSquareTakesTheMiddle(t *testing.T) {
	im := image.NewGray(image.Rect(0, 0, 12, 4))
	for x := range 12 {
		for y := range 4 {
			if x >= 4 && x < 8 {
				im.SetGray(x, y, color.Gray{Y: 200})
			}
		}
	}
	if got := Square(im, 2, 1); !slices.Equal(got, []uint8{200, 200, 200, 200}) {
		t.Errorf("got %v", got)
	}
}

func TestTransparencyIsBlack(t *testing.T) {
	if got := Square(image.NewNRGBA(image.Rect(0, 0, 4, 4)), 1, 3); !slices.Equal(got, []uint8{0, 0, 0}) {
		t.Errorf("got %v", got)
	}
}

func TestBorderIsTheMeanOfTheOutermostPixels(t *testing.T) {
	pixels := []uint8{10, 20, 30, 40, 255, 60, 70, 80, 90} // one image of 3x3
	if got := Border(pixels, 1, 3, 1); got != 50 {
		t.Errorf("got %g, want 50", got)
	}
	Invert(pixels)
	if got := Border(pixels, 1, 3, 1); got != 205 {
		t.Errorf("inverted: got %g, want 205", got)
	}
}

func FuzzOrientation(f *testing.F) {
	for _, format := range []string{"png", "jpg", "webp"} {
		raw, err := os.ReadFile("testdata/exif6." + format)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, raw []byte) {
		if o := Orientation(raw); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}
