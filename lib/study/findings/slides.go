package findings

// Published holds the slides' numbers of a configuration; 0 marks a missing number.
type Published struct {
	Accuracy   float64            // test accuracy on CIFAR-10, %
	Days       float64            // duration of the search on a V100, days
	Parameters float64            // millions
	Transfer   map[string]float64 // test accuracy, %, by data set
}

// Slides returns the slides' numbers for a configuration ("Efficient Self-Supervised Neural
// Architecture Search", course AV490, IIST), from one run each. It returns zeros for configurations
// that the slides lack.
func Slides(configuration string) Published {
	return map[string]Published{
		"stage1":      {93.62, 0.1610, 3.9, map[string]float64{"fashion-mnist": 95.65}},
		"stage2-0.25": {94.81, 0.2223, 4.6, nil},
		"stage2-0.5":  {92.01, 0.2158, 1.8, nil},
		"stage2-0.75": {93.37, 0.2921, 4.6, nil},
		"stage2-1":    {94.49, 0.2314, 4.7, nil},
		"stage3":      {96.88, 0.1883, 4.5, map[string]float64{"cifar100": 81.92, "fashion-mnist": 95.97}},
		"stage4-0.25": {96.09, 0.2346, 3.9, nil},
		"stage4-0.5":  {94.07, 0.1889, 3.7, nil},
		"stage4-0.75": {94.53, 0.3535, 3.7, nil},
		"stage4-1":    {96.72, 0.2679, 4.2, map[string]float64{"cifar100": 74.65, "fashion-mnist": 96.06}},
	}[configuration]
}
