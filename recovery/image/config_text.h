/* recovery/image/config_text.h
 *
 * The words of a description in an update bundle, one after the other: JSON and libconfig. For recovery/image.
 * Source: RFC 8259; libconfig manual 1.7, chapter 3 "Configuration File Grammar". */
#ifndef UNBRICK_RECOVERY_IMAGE_CONFIG_TEXT_H
#define UNBRICK_RECOVERY_IMAGE_CONFIG_TEXT_H

#include <stdbool.h>

#include "src/base/bytes.h"

enum config_token_type { CONFIG_WORD, CONFIG_STRING, CONFIG_MARK, CONFIG_DONE };

struct config_token {
	enum config_token_type type;
	char mark;		/* one of { } [ ] ( ) = : ; , */
	char text[160];		/* cut where it is longer */
};

/* Takes the next one off the start; comments (#, two slashes, slash and star) are left out. */
struct config_token config_next(struct bytes *text);
/* Is the value of a key what comes next? Takes the mark before it. */
bool config_takes_value(struct bytes *text);

#endif
