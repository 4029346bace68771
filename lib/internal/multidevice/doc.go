// Package multidevice tests data-parallel engines: it compares the results of several devices with
// PyTorch and with one device. It is a package of its own because a process decides only once how
// many devices its CPU presents.
package multidevice
