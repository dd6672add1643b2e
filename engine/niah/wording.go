package niah

import "strings"

// The wording of RULER's prompts. A prompt is Opening, the haystack with its
// needles, Question. The singular is used when one value is asked for.

// Opening announces the needles; it ends with a line break.
func Opening(value Kind, single bool) string {
	if single {
		v := singular(value)
		return "A special magic " + v + " is hidden within the following text. Make sure to memorize it. " +
			"I will quiz you about the " + v + " afterwards.\n"
	}
	v := string(value)
	return "Some special magic " + v + " are hidden within the following text. Make sure to memorize it. " +
		"I will quiz you about the " + v + " afterwards.\n"
}

// needleHead is the part of a needle before its key.
func needleHead(value Kind) string { return "One of the special magic " + string(value) + " for" }

// NeedleText is the sentence that gives key a value.
func NeedleText(value Kind, key, text string) string {
	return needleHead(value) + " " + key + " is: " + text + "."
}

// Question asks for the values of keys and starts the answer; it begins with a line
// break and ends where the first value follows after a blank.
func Question(value Kind, single bool, keys []string) string {
	if single {
		about := "the special magic " + singular(value) + " for " + keys[0] + " mentioned in the provided text"
		return "\nWhat is " + about + "? T" + about[1:] + " is"
	}
	about := "the special magic " + string(value) + " for " + list(keys) + " mentioned in the provided text"
	return "\nWhat are all " + about + "? T" + about[1:] + " are"
}

func singular(value Kind) string { return strings.TrimSuffix(string(value), "s") }

// list joins words as "a", "a, and b" or "a, b, and c".
func list(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + ", and " + words[last]
}

// noiseSentences is the haystack of S-1.
const noiseSentences = "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again."
