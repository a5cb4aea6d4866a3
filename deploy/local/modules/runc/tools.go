//go:build tools

// Package tools names the commands that this module pins; nothing imports it.
package tools

import (
	_ "github.com/opencontainers/runc"
)
