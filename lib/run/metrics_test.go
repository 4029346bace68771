package run

import (
	"os"
	"strings"
	"testing"
)

func TestMetricsAreARowForEachEpoch(t *testing.T) {
	r := &Run{Dir: t.TempDir()}
	lines := `{"kind":"step","epoch":0,"step":0,"seconds":1,"metrics":{"train_loss":9}}
{"kind":"epoch","epoch":0,"step":12,"seconds":2.5,"metrics":{"val_loss":2.25,"train_loss":3},"best":true}
{"kind":"note","epoch":0,"step":0,"seconds":3,"text":"went on"}
{"kind":"epoch","epoch":1,"step":12,"seconds":5,"metrics":{"train_loss":1e-7,"lr":null}}
`
	if err := os.WriteFile(r.Path("events.jsonl"), []byte(lines), 0o644); err != nil {
		t.Fatal(err)
	}
	epochs, err := r.Epochs()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := WriteCSV(&b, epochs); err != nil {
		t.Fatal(err)
	}
	want := "epoch,steps,seconds,best,lr,train_loss,val_loss\n1,12,2.500,1,,3,2.25\n2,12,5.000,0,,1e-07,\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestARunWithoutEventsHasNoRows(t *testing.T) {
	r := &Run{Dir: t.TempDir()}
	epochs, err := r.Epochs()
	if err != nil || len(epochs) != 0 {
		t.Errorf("got %v, %v", epochs, err)
	}
}
