/* tests/fakes/fake_app.h
 *
 * The engine's calls over a picture filled by hand, so that the face can be shown and tested without devices: scenes by
 * name. */
#ifndef UNBRICK_TESTS_FAKES_FAKE_APP_H
#define UNBRICK_TESTS_FAKES_FAKE_APP_H

#include "src/core/app.h"

/* NULL for a scene that does not exist. */
struct app *fake_app_new(struct loop *loop, const char *scene);
/* "home\nhome-empty\n..." */
const char *fake_app_scenes(void);
/* What a scene wants shown first. */
int64_t fake_app_first_case(const struct app *app);
const char *fake_app_first_console(const struct app *app);

#endif
