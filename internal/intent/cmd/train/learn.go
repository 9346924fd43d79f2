package main

import (
	"math"
	"slices"
)

// example is what a labelled utterance has, as places in a vocabulary, and its class.
type example struct {
	has    []int
	class  int
	weight float64
}

// vocabulary gives every feature a place. Kinds scales them: what is scaled down is held down harder by the penalty, and a kind
// without a scale is left out, as is what is not known.
type vocabulary struct {
	place map[string]int
	names []string
	scale []float64
	kinds map[byte]float64
	known map[string]bool
}

func (v *vocabulary) places(features []string) []int {
	var has []int
	for _, f := range features {
		scale := v.kinds[f[0]]
		if scale == 0 || !v.known[f] {
			continue
		}
		p, ok := v.place[f]
		if !ok {
			p = len(v.names)
			v.place[f] = p
			v.names = append(v.names, f)
			v.scale = append(v.scale, scale)
		}
		has = append(has, p)
	}
	return has
}

// logistic learns weights (classes in a row, bias last) by minimising the log loss plus penalty/2 · |w|², with L-BFGS from zero:
// no chance in it, so the same corpus gives the same model.
func logistic(examples []example, scale []float64, penalty float64, rounds int) []float64 {
	n := len(scale)
	w := make([]float64, classes*(n+1))
	loss := func(w, gradient []float64) float64 {
		total := 0.0
		for i, x := range w {
			gradient[i] = 0
			if i < classes*n {
				gradient[i] = penalty * x
				total += penalty * x * x / 2
			}
		}
		for _, e := range examples {
			p := probabilities(w, scale, e.has)
			total -= e.weight * math.Log(max(p[e.class], 1e-300))
			p[e.class]--
			for c := range classes {
				p[c] *= e.weight
			}
			for _, f := range e.has {
				for c := range classes {
					gradient[classes*f+c] += p[c] * scale[f]
				}
			}
			for c := range classes {
				gradient[classes*n+c] += p[c]
			}
		}
		return total
	}
	minimise(loss, w, rounds)
	return w
}

func probabilities(w, scale []float64, has []int) [classes]float64 {
	n := len(scale)
	var z [classes]float64
	copy(z[:], w[classes*n:])
	for _, f := range has {
		for c := range classes {
			z[c] += w[classes*f+c] * scale[f]
		}
	}
	top := max(z[0], z[1], z[2])
	sum := 0.0
	for c := range classes {
		z[c] = math.Exp(z[c] - top)
		sum += z[c]
	}
	for c := range classes {
		z[c] /= sum
	}
	return z
}

// minimise is L-BFGS (Liu and Nocedal 1989) with ten pairs and a backtracking line search.
func minimise(loss func(w, gradient []float64) float64, w []float64, rounds int) {
	const memory = 10
	var steps, changes [][]float64
	gradient := make([]float64, len(w))
	value := loss(w, gradient)
	next, nextGradient := make([]float64, len(w)), make([]float64, len(w))
	for range rounds {
		direction := descent(gradient, steps, changes)
		slope := dot(direction, gradient)
		if slope > -1e-9 {
			return
		}
		length := 1.0
		if len(steps) == 0 {
			length = 1 / math.Sqrt(dot(gradient, gradient))
		}
		var nextValue float64
		for tries := 0; ; tries++ {
			for i := range w {
				next[i] = w[i] + length*direction[i]
			}
			if nextValue = loss(next, nextGradient); nextValue <= value+1e-4*length*slope {
				break
			}
			if tries == 20 {
				return
			}
			length /= 2
		}
		step, change := make([]float64, len(w)), make([]float64, len(w))
		for i := range w {
			step[i], change[i] = next[i]-w[i], nextGradient[i]-gradient[i]
		}
		if dot(step, change) > 1e-12 {
			steps, changes = append(steps, step), append(changes, change)
			if len(steps) > memory {
				steps, changes = steps[1:], changes[1:]
			}
		}
		done := (value-nextValue)/max(1, math.Abs(value)) < 1e-6
		copy(w, next)
		copy(gradient, nextGradient)
		value = nextValue
		if done {
			return
		}
	}
}

// descent is the quasi-Newton direction of the last steps.
func descent(gradient []float64, steps, changes [][]float64) []float64 {
	q := slices.Clone(gradient)
	along := make([]float64, len(steps))
	for i := len(steps) - 1; i >= 0; i-- {
		along[i] = dot(steps[i], q) / dot(steps[i], changes[i])
		add(q, changes[i], -along[i])
	}
	if k := len(steps) - 1; k >= 0 {
		scale := dot(steps[k], changes[k]) / dot(changes[k], changes[k])
		for i := range q {
			q[i] *= scale
		}
	}
	for i := range steps {
		back := dot(changes[i], q) / dot(steps[i], changes[i])
		add(q, steps[i], along[i]-back)
	}
	for i := range q {
		q[i] = -q[i]
	}
	return q
}

func dot(x, y []float64) float64 {
	sum := 0.0
	for i := range x {
		sum += x[i] * y[i]
	}
	return sum
}

func add(to, x []float64, times float64) {
	for i := range to {
		to[i] += times * x[i]
	}
}
