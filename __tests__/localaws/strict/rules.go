package strict

import "example.com/webserver-cluster/tests/localaws/front"

func (s *service) amend() error { return nil }

func (c *checker) rules(action string, input map[string]any, r *front.Request) {}
