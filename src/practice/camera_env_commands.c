/* printenv, setenv, saveenv, env. */
#include <stdlib.h>

#include "src/base/text.h"
#include "src/practice/camera.h"

enum { ENV_ITEMS_MAX = 512 };

static int compare_items(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int print_all(struct camera *cam)
{
	const char *item[ENV_ITEMS_MAX] = { NULL };
	size_t count = 0;

	for (size_t at = 0; at < cam->env.size && count < ENV_ITEMS_MAX; at += strlen(cam->env.data + at) + 1)
		item[count++] = cam->env.data + at;
	qsort(item, count, sizeof(item[0]), compare_items);
	for (size_t i = 0; i < count && camera_wait_or_interrupt(cam, 0, -1); i++) {
		say_bytes(cam, bytes_of_text(item[i]));	/* may be longer than say() takes */
		say(cam, "\n");
	}
	say(cam, "\nEnvironment size: %zu/%d bytes\n", cam->env.size, ENV_SIZE - 4);
	return 0;
}

int command_printenv(struct camera *cam, int argc, char **argv)
{
	int result = 0;

	if (argc == 1)
		return print_all(cam);
	for (int i = 1; i < argc; i++) {
		const char *value = env_get(&cam->env, argv[i]);

		if (value == NULL) {
			say(cam, "## Error: \"%s\" not defined\n", argv[i]);
			result = 1;
		} else {
			say(cam, "%s=", argv[i]);
			say_bytes(cam, bytes_of_text(value));
			say(cam, "\n");
		}
	}
	return result;
}

int command_setenv(struct camera *cam, int argc, char **argv)
{
	char value[CAMERA_POOL_MAX] = "";

	if (argc < 2)
		return -1;
	if (strchr(argv[1], '=') != NULL) {
		say(cam, "## Error: illegal character '=' in variable name \"%s\"\n", argv[1]);
		return 1;
	}
	for (int i = 2; i < argc; i++)
		text_append(value, sizeof(value), "%s%s", i > 2 ? " " : "", argv[i]);
	/* A unit's own address is written once in its life. */
	if (text_equal(argv[1], "ethaddr") && env_get(&cam->env, "ethaddr") != NULL) {
		say(cam, "## Error: Can't overwrite \"ethaddr\"\n## Error inserting \"ethaddr\" variable, errno=1\n");
		return 1;
	}
	if (env_set(&cam->env, argv[1], value))
		return 0;
	say(cam, "## Error inserting \"%s\" variable, errno=12\n", argv[1]);
	return 1;
}

int command_saveenv(struct camera *cam, int argc, char **argv)
{
	uint8_t *sector = malloc(ENV_SIZE);

	(void)argc, (void)argv;
	if (sector == NULL)
		return 1;
	env_store(&cam->env, sector);
	say(cam, "Saving Environment to SPIFlash... Erasing SPI flash...");
	camera_wait(cam, 60);
	if (cam->halt == CAMERA_RUNS)
		flash_erase_block(&cam->flash, ENV_OFFSET / FLASH_BLOCK);
	say(cam, "Writing to SPI flash...");
	camera_wait(cam, 60);
	/* Power that goes between the two leaves an erased environment, as on a unit without a second copy. */
	if (cam->halt == CAMERA_RUNS) {
		flash_write(&cam->flash, ENV_OFFSET, bytes_of(sector, ENV_SIZE));
		cam->env.is_default = false;
	}
	free(sector);
	say(cam, "done\nOK\n");
	return 0;
}

int command_env(struct camera *cam, int argc, char **argv)
{
	if (argc >= 2 && text_equal(argv[1], "print"))
		return command_printenv(cam, argc - 1, argv + 1);
	if (argc >= 2 && text_equal(argv[1], "set"))
		return command_setenv(cam, argc - 1, argv + 1);
	if (argc >= 2 && text_equal(argv[1], "save"))
		return command_saveenv(cam, argc - 1, argv + 1);
	if (argc >= 3 && text_equal(argv[1], "default") && (text_equal(argv[2], "-a") || text_equal(argv[2], "-fa"))) {
		env_defaults(&cam->env);
		say(cam, "## Resetting to default environment\n");
		return 0;
	}
	return -1;
}
