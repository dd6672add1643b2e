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

// Question asks for the values of keys.
func Question(value Kind, single bool, keys []string) string {
	if single {
		return "What is " + about(value, single, keys) + "?"
	}
	return "What are all " + about(value, single, keys) + "?"
}

// AnswerPrefix starts the answer to a Question, from the blank after it; the first
// value follows after another blank.
func AnswerPrefix(value Kind, single bool, keys []string) string {
	verb := " are"
	if single {
		verb = " is"
	}
	return " T" + about(value, single, keys)[1:] + verb
}

func about(value Kind, single bool, keys []string) string {
	noun := string(value)
	if single {
		noun = singular(value)
	}
	return "the special magic " + noun + " for " + list(keys) + " mentioned in the provided text"
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

// NoiseSentences lists the haystack of S-1.
func NoiseSentences() []string {
	return []string{"The grass is green.", "The sky is blue.", "The sun is yellow.", "Here we go.", "There and back again."}
}
