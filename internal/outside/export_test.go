package outside

// Watch shows every address to f after it was judged and before a packet goes to it; an error of f keeps the packet here.
func (s *Sender) Watch(f func(network, address string) error) { s.control = f }
