// Package score measures a classifier: accuracies, measures of each class, and their confidence
// intervals.
//
// [New] takes the logits of every image of a test set, [images][classes], and the true labels, and
// returns a [Table]:
//
//   - top-1 and top-5 accuracy, in 0..1, each with its 95 % Wilson interval;
//   - the mean cross-entropy in nats, -log softmax(logits)[label];
//   - for each class against all others precision TP/(TP+FP), recall TP/(TP+FN), F1 = 2 P R/(P+R)
//     and accuracy (TP+TN)/images;
//   - the row "all", the micro average: TP, FP and FN are summed over the classes first. Every
//     image has one label and one prediction, so its precision, recall, F1 and accuracy all equal
//     the top-1 accuracy;
//   - the confusion matrix, [true class][predicted class].
//
// A quotient with denominator 0 counts as 0, for example the precision of a class that is never
// predicted. Among equal logits the first class is the prediction.
//
// The intervals describe the sampling error of the test images only. Networks that are searched and
// trained with other seeds differ by more.
package score
