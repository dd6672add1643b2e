package run

// Check reports what Run would refuse of req, without running it.
func (e *Engine) Check(req Request) error {
	_, err := e.understand(req, false)
	return err
}

// Check is Engine.Check.
func (s *Cache) Check(req Request) error { return s.engine.Check(req) }
