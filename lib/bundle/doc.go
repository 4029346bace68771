// Package bundle packs essnas into an archive for machines without a network, such as nodes of a
// cluster that have only the C library, or a rented machine with a GPU.
//
//	essnas bundle --dataset cifar10 --out essnas.tar.gz
//	tar -xzf essnas.tar.gz && essnas/essnas bundle check && essnas/essnas demo
//
// # Contents
//
//	essnas/essnas        the program
//	essnas/lib/          libraries that the program or a plugin needs besides the C library
//	essnas/cache/        the cache directory: XLA plugins, compiled programs, winners of races
//	essnas/data/         the requested data sets
//	essnas/bundle.json   Manifest
//	essnas/SHA256SUMS    a checksum of each other file, as sha256sum writes them
//
// A program with bundle.json in its directory uses the bundle ([Use]). It always uses the libraries
// of the bundle. It uses the cache and the data of the bundle unless $ESSNAS_CACHE and $ESSNAS_DATA
// name other directories. It installs nothing and reads no other file of the machine. Compiled
// programs fit machines with the same processor features and the same number of cores; other
// machines compile anew.
//
// The plugins of the bundle have the hashes that the source of package plugin names. They are the
// files that pip would fetch.
//
// # The C library
//
// The C library of the machine must be at least as new as the one that the files were linked with.
// [Make] reads the required version from the files and records it in the manifest.
//
// # Safety
//
// [Make] writes the archive whole or not at all. It packs regular files only, under paths of the
// bundle, and checks the hashes of the plugins first. [Check] compares an unpacked bundle with its
// checksums.
package bundle
