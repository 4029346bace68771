package export

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// message is an incomplete protobuf message. Each of its methods appends a field.
type message []byte

func (m *message) number(field protowire.Number, v uint64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), v)
}

func (m *message) text(field protowire.Number, s string) {
	*m = protowire.AppendString(protowire.AppendTag(*m, field, protowire.BytesType), s)
}

func (m *message) bytes(field protowire.Number, b []byte) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), b)
}

// Attributes of a node (AttributeProto). The numbers of field 20 are those of its AttributeType.

func ints(name string, values ...int64) (a message) {
	a.text(1, name)
	for _, v := range values {
		a.number(8, uint64(v))
	}
	a.number(20, 7)
	return a
}

func integer(name string, v int64) (a message) {
	a.text(1, name)
	a.number(3, uint64(v))
	a.number(20, 2)
	return a
}

func float(name string, v float32) (a message) {
	a.text(1, name)
	a = protowire.AppendFixed32(protowire.AppendTag(a, 2, protowire.Fixed32Type), math.Float32bits(v))
	a.number(20, 1)
	return a
}
