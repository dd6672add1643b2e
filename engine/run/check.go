package run

// Check reports what Run would refuse of req, without running it.
func (e *Engine) Check(req Request) error {
	return e.answering(req, false, func(answer) error { return nil })
}

// Check is Engine.Check.
func (s *Cache) Check(req Request) error { return s.engine.Check(req) }
