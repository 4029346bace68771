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
// Tests give this package the numbers that the original has drawn, and compare pictures. Two of
// them differ:
//
//   - frost lays a photograph of ice over the image. Photographs are not shipped here: [Overlays]
//     draws five of the same mean colour and spread.
//   - jpeg_compression uses Go's encoder, whose coefficients are rounded in another way than
//     libjpeg's: pixels differ by half a grey level in the mean.
//
// glass_blur copies the neighbouring pixel, where the paper says exchange: the original's exchange
// is a copy, because its two sides are views of one array, and CIFAR-10-C was made so.
//
// Lengths are in pixels of images of 32x32. Larger images suffer less from the same severity.
//
// # Determinism
//
// [Random] derives the random numbers of an image from a seed, the corruption, the severity and the
// image's number: the result does not depend on the other images.
package corrupt
