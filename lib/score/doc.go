// Package score measures a classifier: what share of the images it gets right, class by class, and how sure that number is.
//
// [New] takes the logits of every image of a test set, [images][classes], and the true labels, and returns a [Table]:
//
//   - top-1 and top-5 accuracy, in 0..1, each with its 95 % Wilson interval;
//   - the mean cross-entropy in nats, -log softmax(logits)[label];
//   - for each class against all others precision TP/(TP+FP), recall TP/(TP+FN), F1 = 2 P R/(P+R) and accuracy (TP+TN)/images;
//   - the row "all", the micro average: TP, FP and FN are summed over the classes first, and since every image has one label and one
//     prediction, its precision, recall, F1 and accuracy are all the top-1 accuracy;
//   - the confusion matrix, [true class][predicted class].
//
// A quotient without a denominator (a class that is never predicted has no precision) counts as 0. Of equal logits the first is the prediction.
//
// The interval of a table covers the luck of the test images only, not that of the seed: networks found and trained with other seeds differ by more.
package score
