/* Shows one scene of the fake engine full-screen: screen_demo SCENE. For looking at the screens, and for their tests.
 */
#include <stdio.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "tests/fakes/fake_app.h"
#include "ui/keys.h"
#include "ui/ui.h"

static void print_key(void *user, const char *screen, const char *key, const char *text)
{
	(void)user;
	printf("%s\t%s\t%s\n", screen, key, text);
}

int main(int argc, char **argv)
{
	struct ui_options options = { 0 };
	struct loop *loop;
	struct app *app;
	struct error error;

	if (argc == 2 && strcmp(argv[1], "--keys") == 0) {
		keys_list_all(print_key, NULL);
		return 0;
	}
	if (loop_new(&loop, &error) != STATUS_OK)
		return 1;
	app = fake_app_new(loop, argc > 1 ? argv[1] : "home");
	if (app == NULL) {
		fprintf(stderr, "usage: screen_demo --keys | SCENE, one of %s\n", fake_app_scenes());
		loop_free(loop);
		return 2;
	}
	options.open_case = fake_app_first_case(app);
	options.open_console = fake_app_first_console(app);
	if (ui_run(loop, app, &options, &error) != STATUS_OK) {
		fprintf(stderr, "%s\n%s\n", error.text, error.hint);
		app_free(app);
		loop_free(loop);
		return 1;
	}
	app_free(app);
	loop_free(loop);
	puts("ended well");
	return 0;
}
