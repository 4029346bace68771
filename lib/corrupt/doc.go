// Package corrupt changes images as bad cameras, weather and storage do, at five severities: the
// common corruptions of Hendrycks and Dietterich (arXiv:1903.12261), with the parameters of
// CIFAR-10-C.
//
//	fog, err := corrupt.Named("fog")
//	foggy, err := fog.Apply(corrupt.Picture{Height: 32, Width: 32, Channels: 3, Pixels: pixels},
//		3, corrupt.Random(1, "fog", 3, index))
//
// # Corruptions
//
// [All] lists eighteen. The first fifteen make the mean corruption error:
//
//   - noise: gaussian_noise, shot_noise (Poisson), impulse_noise (salt and pepper);
//   - blur: defocus_blur, glass_blur, motion_blur, zoom_blur;
//   - weather: snow, frost, fog, brightness;
//   - digital: contrast, elastic_transform, pixelate, jpeg_compression.
//
// speckle_noise, gaussian_blur and saturate are three of the paper's four extra corruptions, which
// are meant for choosing methods and do not count in the mean. The fourth, spatter, is left out.
//
// # Formulas
//
// The formulas and parameters are those of make_cifar_c.py (hendrycks/robustness, commit ca36008).
// Tests give this package the random numbers of the original and compare the pictures. Two
// corruptions differ:
//
//   - frost lays a photograph of ice over the image. This package has no photographs: [Overlays]
//     draws five pictures with the same mean colours and spreads.
//   - jpeg_compression uses Go's encoder, which rounds coefficients in another way than libjpeg.
//     Pixels differ by half a grey level on average.
//
// glass_blur copies a neighbouring pixel, although the paper describes an exchange. The original
// code copies as well, because both sides of its exchange are views of one array, and CIFAR-10-C
// was made by this code.
//
// Lengths are in pixels of images of 32x32. Larger images suffer less from the same severity.
//
// # Determinism
//
// [Random] derives the random numbers of an image from a seed, the corruption, the severity and the
// image's number. The result does not depend on other images.
package corrupt
