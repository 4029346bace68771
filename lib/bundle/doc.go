// Package bundle carries essnas to machines without a network: clusters whose nodes have nothing but
// the C library, and machines with a GPU that are rented by the hour.
//
//	essnas bundle --dataset cifar10 --out essnas.tar.gz
//	tar -xzf essnas.tar.gz && essnas/essnas bundle check && essnas/essnas demo
//
// # Contents
//
//	essnas/essnas        the program
//	essnas/lib/          libraries that the program or a plugin needs beside the C library
//	essnas/cache/        the cache directory: XLA plugins, compiled programs, winners of races
//	essnas/data/         the data sets that were asked for
//	essnas/bundle.json   Manifest
//	essnas/SHA256SUMS    a checksum of each other file, as sha256sum writes them
//
// A program that finds bundle.json beside itself uses the bundle ([Use]): its libraries always, its
// cache and its data unless $ESSNAS_CACHE and $ESSNAS_DATA name others. Nothing is installed, and
// no other file of the machine is read. Compiled programs fit machines with the same processor
// features and the same number of cores; others compile anew.
//
// The plugins of the bundle have the hashes that this package's source names. They are the files
// that pip would fetch, so a machine with pip gains nothing from it.
//
// # The C library
//
// The C library of the machine must be at least as new as the one that the files were linked with.
// [Make] reads the required version from the files, and the manifest tells it.
//
// # Safety
//
// [Make] writes the archive whole or not at all. It packs regular files only, under paths of the
// bundle, and checks the hashes of the plugins first. [Check] compares an unpacked bundle with its
// checksums.
package bundle
