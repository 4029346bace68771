package data

// SearchHalves splits n training images, limit of them or all (0), into two disjoint halves of
// image indices: weights [n/2] train the weights, arch [n - n/2] trains the architecture
// (arXiv:1806.09055, section 3).
func (s *Set) SearchHalves(seed uint64, limit int) (weights, arch []int32) {
	order := s.Train.Spread(seed, len(s.Classes), limit)
	half := len(order) / 2
	return order[:half:half], order[half:]
}

// TrainValidation splits n training images, limit of them or all (0), into two disjoint lists of
// image indices: train [n - v] to learn from, and validation [v] to choose the best epoch by, where
// v is a fifth of n and at most 10,000.
func (s *Set) TrainValidation(seed uint64, limit int) (train, validation []int32) {
	order := s.Train.Spread(seed, len(s.Classes), limit)
	n := min(len(order)/5, 10000)
	return order[n:], order[:n:n]
}
