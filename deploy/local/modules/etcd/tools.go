//go:build tools

// Package tools names the commands that this module pins; nothing imports it.
package tools

import (
	_ "go.etcd.io/etcd/server/v3"
)
