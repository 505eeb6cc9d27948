// Package language compares what people ask for with how manifests name the
// languages of their streams: tags of BCP 47 ("en-US"), codes of ISO 639-1 ("en")
// and of ISO 639-2 ("eng", and both "ger" and "deu") in any mixture. It is pure.
package language
