package serve

import (
	"net"
	"os"
	"syscall"
)

// own says whether the process at the other end is the same user's; root may ask, too.
func own(c *net.UnixConn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	var peer *syscall.Ucred
	if e := raw.Control(func(fd uintptr) {
		peer, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); e != nil || err != nil {
		return false
	}
	return int(peer.Uid) == os.Geteuid() || peer.Uid == 0
}
