"""Pure rendering: content x capabilities -> frames and degradations; text in and out of CommonMark, HTML and plain."""
