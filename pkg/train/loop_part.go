package train

// partBytes is about the most memory that the activations of pictures that pass
// through a tail at once may take.
const partBytes = 256 << 20

// picturesAtOnce is into how large parts a batch is cut. It depends on nothing
// but the network, since sums are rounded by parts.
func (t *Tail) picturesAtOnce(batch int) int {
	values := t.input.values(1)
	for _, s := range t.steps {
		values += 2 * s.out.values(1) // before the activation, and behind it
	}
	for _, slot := range t.gradients.slots {
		values += slot.values
	}
	return min(batch, max(1, partBytes/4/values))
}
