package run

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// WriteTensorBoard writes epochs as an event file of TensorBoard: a scalar for each metric, with
// the metric's name as tag and the epoch as step. began is the beginning of the run in seconds
// since
// 1970. Values that are no finite numbers are left out; TensorBoard keeps the others as float32.
// The file's name must contain "tfevents". WriteTensorBoard returns the errors of w.
//
// An event file is a sequence of records of TensorFlow (tfrecord), which are messages of
// event.proto and summary.proto; tensorboard/compat/proto has both.
func WriteTensorBoard(w io.Writer, began float64, epochs []Epoch) error {
	if err := writeRecord(w, protowire.AppendString(protowire.AppendTag(at(began, 0), 3, protowire.BytesType), "brain.Event:2")); err != nil {
		return err
	}
	for _, e := range epochs {
		var summary []byte
		for _, name := range slices.Sorted(maps.Keys(e.Metrics)) {
			x := e.Metrics[name]
			if math.IsNaN(x) || math.IsInf(x, 0) {
				continue
			}
			value := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), name)
			value = protowire.AppendFixed32(protowire.AppendTag(value, 2, protowire.Fixed32Type), math.Float32bits(float32(x)))
			summary = protowire.AppendBytes(protowire.AppendTag(summary, 1, protowire.BytesType), value)
		}
		event := protowire.AppendBytes(protowire.AppendTag(at(began+e.Seconds, e.Epoch), 5, protowire.BytesType), summary)
		if err := writeRecord(w, event); err != nil {
			return err
		}
	}
	return nil
}

// at begins an event: its time and its step, which is left out if it is 0.
func at(seconds float64, step int) []byte {
	event := protowire.AppendFixed64(protowire.AppendTag(nil, 1, protowire.Fixed64Type), math.Float64bits(seconds))
	if step == 0 {
		return event
	}
	return protowire.AppendVarint(protowire.AppendTag(event, 2, protowire.VarintType), uint64(step))
}

// writeRecord writes a record: the length of the data, its checksum, the data, their checksum.
func writeRecord(w io.Writer, data []byte) error {
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	record := binary.LittleEndian.AppendUint32(length, masked(length))
	record = append(record, data...)
	_, err := w.Write(binary.LittleEndian.AppendUint32(record, masked(data)))
	return err
}

// masked returns the CRC-32C of data, rotated and shifted as TensorFlow does, because records may
// contain checksums of records.
func masked(data []byte) uint32 {
	sum := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
	return (sum>>15 | sum<<17) + 0xa282ead8
}
