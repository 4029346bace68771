// Package pjrt loads plugins of XLA, which have the interface PJRT, and keeps their compiled
// programs.
//
//	executables.go   compiled programs on disk
//	key.go           the key of a program
//	shared.go        compiled programs in memory
//	hook.go          the functions between go-xla and a plugin
//	arrays.c         the number and bytes of arrays on the devices
//
// # Executables kept on disk
//
// XLA compiles for seconds to minutes. The result depends on the program, the compiler and the
// processor only. This package therefore intercepts the calls between go-xla and the plugin and
// keeps compiled programs in the cache directory; a second start loads them, with the same bits. A
// cache that is damaged, foreign, full or read-only costs time, but never correctness;
// [Plugin.Stats] reports the fault.
//
// A process holds each program in memory once, and keeps some unused ones for later runs.
package pjrt
