package export

import (
	"fmt"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/internal/safetensors"
	"github.com/essnas/essnas/lib/ops"
)

// The axes of votes [batch, group, child, parent, pose, position].
const (
	child  = 2
	parent = 3
	pose   = 4
)

// router writes the nodes of a layer of capsules, whose intermediate results have numbered names.
type router struct {
	*onnxGraph
	name string
	n    int
}

// route writes a layer of capsules: the functions of lib/ops/routing.go in ONNX's operations.
func (g *onnxGraph) route(l Layer, name, x string) {
	r := &router{onnxGraph: g, name: name}
	transform := l.Arrays["transform"] // [capsules, types * pose, pose]
	capsules, size := transform.Shape[0], transform.Shape[2]
	types := transform.Shape[1] / size
	groups := capsules / types

	poses := r.reshape(x, 0, capsules, size, -1)
	u := r.squash(poses, 2)
	votes := r.op("MatMul", r.array("transform", transform), u)
	v := r.reshape(votes, 0, groups, types, types, size, -1)
	there := func() string { // the children's probabilities
		q := r.squares(poses, 2)
		return r.reshape(r.op("Div", q, r.op("Add", q, r.number(1))), 0, groups, types, 1, 1, -1)
	}
	var y string
	switch l.Routing {
	case cell.CapsuleDynamic:
		y = r.dynamic(v, l.Rounds)
	case cell.CapsuleEM:
		column := func(name string) string {
			return r.array(name, safetensors.Array{Shape: []int{1, groups, 1, types, 1, 1}, F32: l.Arrays[name].F32})
		}
		y = r.em(v, there(), column("beta_u"), column("beta_a"), types, size, l.Rounds)
	default:
		logits := r.reshape(r.op("MatMul", r.array("route", l.Arrays["route"]), u), 0, groups, types, types, 1, -1)
		a := there()
		c := r.op("Mul", r.softmax(logits), a)
		y = r.op("Div", r.sum(r.op("Mul", c, v), child), r.op("Add", r.sum(a, child), r.number(ops.Tiny)))
	}
	r.node("Reshape", name, []string{y, r.op("Shape", x)})
}

func (r *router) dynamic(v string, rounds int) string {
	s := r.op("ReduceMean", v, ints("axes", child), integer("keepdims", 1))
	logits := ""
	for range rounds - 1 {
		agreement := r.sum(r.op("Mul", v, r.squash(s, pose)), pose)
		if logits != "" {
			agreement = r.op("Add", logits, agreement)
		}
		logits = agreement
		s = r.sum(r.op("Mul", r.softmax(logits), v), child)
	}
	return r.squash(s, pose)
}

func (r *router) em(v, a, betaU, betaA string, types, size, rounds int) string {
	share := r.op("Mul", a, r.number(1/float64(types)))
	for round := 1; ; round++ {
		total := r.sum(share, child)
		weight := r.op("Div", share, r.op("Add", total, r.number(ops.Tiny)))
		mean := r.sum(r.op("Mul", weight, v), child)
		away := r.op("Sub", v, mean)
		square := r.op("Mul", away, away)
		variance := r.op("Add", r.sum(r.op("Mul", weight, square), child), r.number(ops.VarianceFloor))
		halfLog := r.op("Mul", r.sum(r.op("Log", variance), pose), r.number(0.5))
		cost := r.op("Mul", r.op("Add", r.op("Mul", betaU, r.number(float64(size))), halfLog), total)
		active := r.op("Sub", betaA, cost)
		if round == rounds {
			return r.op("Mul", r.op("Sigmoid", active), mean)
		}
		density := r.op("Sub", r.op("Mul", r.sum(r.op("Div", square, variance), pose), r.number(-0.5)), halfLog)
		logits := r.op("Sub", density, r.op("Softplus", r.op("Neg", active)))
		share = r.op("Mul", r.softmax(logits), a)
	}
}

// op writes a node and returns the name of its result. Arguments are names and attributes.
func (r *router) op(op string, arguments ...any) string {
	var in []string
	var attributes []message
	for _, a := range arguments {
		switch a := a.(type) {
		case string:
			in = append(in, a)
		case message:
			attributes = append(attributes, a)
		}
	}
	return r.node(op, r.next(), in, attributes...)
}

func (r *router) next() string {
	r.n++
	return fmt.Sprintf("%s.%d", r.name, r.n)
}

func (r *router) array(name string, a safetensors.Array) string {
	return r.constant(r.name+"."+name, a)
}

func (r *router) number(x float64) string {
	return r.constant(r.next(), safetensors.Array{F32: []float32{float32(x)}})
}

func (r *router) integers(v ...int) string {
	a := safetensors.Array{Shape: []int{len(v)}}
	for _, i := range v {
		a.I64 = append(a.I64, int64(i))
	}
	return r.constant(r.next(), a)
}

// reshape keeps dimensions of 0 and infers that of -1.
func (r *router) reshape(x string, dims ...int) string {
	return r.op("Reshape", x, r.integers(dims...))
}

func (r *router) sum(x string, axis int) string {
	return r.op("ReduceSum", x, r.integers(axis), integer("keepdims", 1))
}

func (r *router) squares(x string, axis int64) string {
	return r.op("ReduceSumSquare", x, ints("axes", axis), integer("keepdims", 1))
}

func (r *router) softmax(x string) string { return r.op("Softmax", x, integer("axis", parent)) }

func (r *router) squash(s string, axis int64) string {
	q := r.squares(s, axis)
	length := r.op("Sqrt", r.op("Add", q, r.number(ops.Tiny)))
	return r.op("Mul", s, r.op("Div", length, r.op("Add", q, r.number(1))))
}
