/* Login and a few busybox-like commands: enough to look round, to make room, to restart. Only /data can be changed. */
#include "src/practice/camera_shell.h"

#include <fnmatch.h>
#include <stdio.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { PATH_MAX_LENGTH = 256, LOGIN_NAME_MAX_LENGTH = 64 };

struct root_entry {
	const char *path, *content;	/* content NULL: a folder; "": something that cannot be shown */
};

static const struct root_entry root[] = {
	{ "bin", NULL },
	{ "data", NULL },
	{ "dev", NULL },
	{ "etc", NULL },
	{ "lib", NULL },
	{ "proc", NULL },
	{ "sbin", NULL },
	{ "tmp", NULL },
	{ "usr", NULL },
	{ "var", NULL },
	{ "bin/busybox", "" },
	{ "etc/hostname", "pcam1\n" },
	{ "etc/version", "pcam1 firmware 1.3.0\n" },
	{ "proc/mtd", "dev:    size   erasesize  name\n"
		      "mtd0: 00040000 00010000 \"bootloader\"\n"
		      "mtd1: 00010000 00010000 \"env\"\n"
		      "mtd2: 00200000 00010000 \"kernel\"\n"
		      "mtd3: 00300000 00010000 \"rootfs\"\n"
		      "mtd4: 002b0000 00010000 \"data\"\n" },
	{ "proc/mounts", "/dev/root / squashfs ro,relatime 0 0\n"
			 "proc /proc proc rw,relatime 0 0\n"
			 "tmpfs /tmp tmpfs rw,relatime 0 0\n"
			 "/dev/mtdblock4 /data jffs2 rw,relatime 0 0\n" },
	{ "proc/version", "Linux version 5.10.113-pcam1 (build@practice) (arm-linux-gcc 11.3.0, GNU ld 2.38) "
			  "#1 Tue Nov 14 22:13:20 UTC 2023\n" },
	{ "usr/bin", NULL },
	{ "usr/bin/pcamd", "" },
};

/* "/data//log/" -> "data/log"; relative paths begin at the root, where the shell always is. */
static const char *clean_path(const char *path, char *to, size_t size)
{
	size_t used = 0;

	for (; *path != '\0' && used < size - 1; path++) {
		if (*path == '/' && (used == 0 || to[used - 1] == '/'))
			continue;
		if (path[0] == '.' && (used == 0 || to[used - 1] == '/') && (path[1] == '/' || path[1] == '\0'))
			continue;
		to[used++] = *path;
	}
	while (used > 0 && to[used - 1] == '/')
		used--;
	to[used] = '\0';
	return to;
}

/* Below /data: the rest of the path ("" for /data itself), or NULL. */
static const char *below_data(const char *path)
{
	if (!text_starts(path, "data") || (path[4] != '\0' && path[4] != '/'))
		return NULL;
	return path[4] == '/' ? path + 5 : path + 4;
}

static bool is_in(const char *name, const char *folder)
{
	size_t length = strlen(folder);

	return length == 0 || (strncmp(name, folder, length) == 0 && name[length] == '/');
}

static int complain(struct camera *cam, const char *command, const char *path, const char *why)
{
	say(cam, "%s: %.200s: %s\n", command, path, why);
	return 1;
}

/* ---- looking ---- */

static int shell_df(struct camera *cam, int argc, char **argv)
{
	struct data_files files;
	unsigned size = (unsigned)(data_size() >> 10), used;
	bool is_data_only = argc > 1 && text_starts(argv[argc - 1], "/data");

	data_load(&cam->flash, &files);
	used = (unsigned)(data_used(&files) >> 10);
	say(cam, "Filesystem           1K-blocks      Used Available Use%% Mounted on\n");
	if (!is_data_only) {
		say(cam, "/dev/root                 2432      2432         0 100%% /\n");
		say(cam, "tmpfs                    28958         4     28954   0%% /tmp\n");
	}
	say(cam, "/dev/mtdblock4      %11u %9u %9u %3u%% /data\n", size, used, size - used,
	    (used * 100 + size - 1) / size);
	return 0;
}

static void list_entry(struct camera *cam, bool is_long, bool is_folder, uint32_t size, const char *name)
{
	if (is_long)
		say(cam, "%s    1 root     root     %9u Nov 14 22:13 %s\n", is_folder ? "drwxr-xr-x" : "-rw-r--r--",
		    size, name);
	else
		say(cam, "%s\n", name);
}

static int list_data(struct camera *cam, bool is_long, const char *folder, const char *shown)
{
	struct data_files files;
	char last[DATA_NAME_MAX] = "", name[DATA_NAME_MAX], path[PATH_MAX_LENGTH];
	int found = 0;

	data_load(&cam->flash, &files);
	for (size_t i = 0; i < files.count; i++) {
		const struct data_file *file = &files.file[i];
		const char *rest = file->name + strlen(folder) + (*folder != '\0');
		size_t length;

		if (text_equal(file->name, folder) || fnmatch(folder, file->name, FNM_PATHNAME) == 0) {
			found++;
			text_format(path, sizeof(path), "/data/%s", file->name);
			list_entry(cam, is_long, false, file->size, path);
			continue;
		}
		if (!is_in(file->name, folder))
			continue;
		found++;
		length = strcspn(rest, "/");
		text_format(name, sizeof(name), "%.*s", (int)length, rest);
		if (rest[length] == '/' && text_equal(name, last))
			continue;
		text_copy(last, sizeof(last), name);
		list_entry(cam, is_long, rest[length] == '/', rest[length] == '/' ? 0 : file->size, name);
	}
	return found > 0 || *folder == '\0' ? 0 : complain(cam, "ls", shown, "No such file or directory");
}

static int list_root(struct camera *cam, bool is_long, const char *folder, const char *shown)
{
	size_t length = strlen(folder);
	bool found = length == 0;

	for (size_t i = 0; i < ARRAY_SIZE(root); i++) {
		const char *rest = root[i].path + length + (length > 0);

		found |= text_equal(root[i].path, folder);
		if (text_equal(root[i].path, folder) && root[i].content != NULL)
			list_entry(cam, is_long, false, (uint32_t)strlen(root[i].content), shown);
		else if (is_in(root[i].path, folder) && strchr(rest, '/') == NULL)
			list_entry(cam, is_long, root[i].content == NULL, 0, rest);
	}
	return found ? 0 : complain(cam, "ls", shown, "No such file or directory");
}

static int shell_ls(struct camera *cam, int argc, char **argv)
{
	bool is_long = argc > 1 && argv[1][0] == '-' && strchr(argv[1], 'l') != NULL;
	int at = argc > 1 && argv[1][0] == '-' ? 2 : 1, result = 0;
	char path[PATH_MAX_LENGTH];

	do {
		const char *shown = at < argc ? argv[at] : "/";
		const char *below = below_data(clean_path(shown, path, sizeof(path)));

		result |= below != NULL ? list_data(cam, is_long, below, shown) : list_root(cam, is_long, path, shown);
	} while (++at < argc);
	return result;
}

static int shell_du(struct camera *cam, int argc, char **argv)
{
	struct data_files files;
	char path[PATH_MAX_LENGTH];
	const char *shown = argc > 1 ? argv[argc - 1] : "/data", *below;
	uint64_t total = 0;

	if (shown[0] == '-')
		shown = "/data";
	below = below_data(clean_path(shown, path, sizeof(path)));
	if (below == NULL)
		return complain(cam, "du", shown, "only /data can be measured here");
	data_load(&cam->flash, &files);
	for (size_t i = 0; i < files.count; i++) {
		if (!is_in(files.file[i].name, below) && fnmatch(below, files.file[i].name, FNM_PATHNAME) != 0)
			continue;
		say(cam, "%u\t/data/%s\n", (files.file[i].size + 1023) / 1024, files.file[i].name);
		total += files.file[i].size;
	}
	say(cam, "%llu\t%s\n", (unsigned long long)(total + 1023) / 1024, shown);
	return 0;
}

static int shell_cat(struct camera *cam, int argc, char **argv)
{
	char path[PATH_MAX_LENGTH];
	int result = 0;

	for (int i = 1; i < argc; i++) {
		const char *content = NULL;
		struct data_files files;
		const char *below = below_data(clean_path(argv[i], path, sizeof(path)));

		for (size_t j = 0; j < ARRAY_SIZE(root); j++)
			if (text_equal(root[j].path, path))
				content = root[j].content;
		data_load(&cam->flash, &files);
		for (size_t j = 0; below != NULL && j < files.count; j++)
			if (text_equal(files.file[j].name, below))
				content = "(practice camera: this file has a size but no text)\n";
		if (content != NULL)
			say(cam, "%s", content);
		else
			result = complain(cam, "cat", argv[i], "No such file or directory");
	}
	return result;
}

/* ---- changing ---- */

static size_t remove_matching(struct data_files *files, const char *pattern, bool with_folders)
{
	size_t kept = 0, removed;

	for (size_t i = 0; i < files->count; i++)
		if (fnmatch(pattern, files->file[i].name, FNM_PATHNAME) != 0 &&
		    !(with_folders && fnmatch(pattern, files->file[i].name, FNM_PATHNAME | FNM_LEADING_DIR) == 0) &&
		    !(with_folders && *pattern == '\0'))
			files->file[kept++] = files->file[i];
	removed = files->count - kept;
	files->count = kept;
	return removed;
}

static int shell_rm(struct camera *cam, int argc, char **argv)
{
	bool with_folders = false, is_forced = false;
	struct data_files files;
	char path[PATH_MAX_LENGTH];
	int result = 0;

	data_load(&cam->flash, &files);
	for (int i = 1; i < argc; i++) {
		const char *below;

		if (argv[i][0] == '-') {
			with_folders |= strchr(argv[i], 'r') != NULL || strchr(argv[i], 'R') != NULL;
			is_forced |= strchr(argv[i], 'f') != NULL;
			continue;
		}
		below = below_data(clean_path(argv[i], path, sizeof(path)));
		if (below == NULL)
			result = complain(cam, "rm: can't remove", argv[i], "Read-only file system");
		else if (remove_matching(&files, below, with_folders) == 0 && !is_forced)
			result = complain(cam, "rm: can't remove", argv[i], "No such file or directory");
	}
	camera_wait(cam, 40);
	if (cam->halt == CAMERA_RUNS)
		data_store(&cam->flash, &files);
	return result;
}

static int shell_reboot(struct camera *cam, int argc, char **argv)
{
	(void)argc, (void)argv;
	say(cam, "The system is going down NOW!\nSent SIGTERM to all processes\n");
	camera_wait(cam, 400);
	say(cam, "Requesting system reboot\n[%5llu.%06llu] reboot: Restarting system\n",
	    (unsigned long long)cam->kernel_us / 1000000 + 9, (unsigned long long)cam->kernel_us % 1000000);
	camera_reset(cam);
	return 0;
}

/* ---- the small ones ---- */

static int shell_echo(struct camera *cam, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		say(cam, "%s%s", argv[i], i + 1 < argc ? " " : "");
	say(cam, "\n");
	return 0;
}

static int shell_sync(struct camera *cam, int argc, char **argv)
{
	(void)argc, (void)argv;
	camera_wait(cam, 60);
	return 0;
}

static int shell_uname(struct camera *cam, int argc, char **argv)
{
	const char *option = argc > 1 ? argv[1] : "-s";

	if (text_equal(option, "-a"))
		say(cam, "Linux pcam1 5.10.113-pcam1 #1 Tue Nov 14 22:13:20 UTC 2023 armv7l GNU/Linux\n");
	else if (text_equal(option, "-m"))
		say(cam, "armv7l\n");
	else
		say(cam, text_equal(option, "-r") ? "5.10.113-pcam1\n" : "Linux\n");
	return 0;
}

static int shell_free(struct camera *cam, int argc, char **argv)
{
	(void)argc, (void)argv;
	say(cam, "              total        used        free\nMem:          57916       21408       36508\n");
	return 0;
}

static int shell_true(struct camera *cam, int argc, char **argv)
{
	(void)cam, (void)argc, (void)argv;
	return 0;
}

static const struct {
	const char *name;
	words_run *run;
} commands[] = {
	{ "cat", shell_cat },	{ "df", shell_df },	{ "du", shell_du },	    { "echo", shell_echo },
	{ "free", shell_free }, { "ls", shell_ls },	{ "reboot", shell_reboot }, { "rm", shell_rm },
	{ "sync", shell_sync }, { "true", shell_true }, { "uname", shell_uname },
};

static int run_command(struct camera *cam, int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (text_equal(commands[i].name, argv[0]))
			return commands[i].run(cam, argc, argv);
	say(cam, "-sh: %.200s: not found\n", argv[0]);
	return 127;
}

static const char *lookup(const struct camera *cam, const char *name)
{
	if (text_equal(name, "?"))
		return cam->last_result == 0 ? "0" : cam->last_result == 127 ? "127" : "1";
	return text_equal(name, "HOSTNAME") ? "pcam1" : NULL;
}

static void run_session(struct camera *cam)
{
	char line[CAMERA_LINE_MAX];
	enum line_result result;

	cam->phase = PHASE_SHELL;
	cam->last_result = 0;
	while (cam->halt == CAMERA_RUNS) {
		cam->was_interrupted = false;
		say(cam, "# ");
		result = line_read(cam, LINE_OF_SHELL, line, sizeof(line));
		if (result == LINE_ENTERED && (text_equal(line, "exit") || text_equal(line, "logout")))
			return;
		if (result == LINE_ENTERED)
			line_run(cam, line, lookup, run_command);
	}
}

static bool log_in(struct camera *cam)
{
	char name[LOGIN_NAME_MAX_LENGTH], password[LOGIN_NAME_MAX_LENGTH];

	cam->phase = PHASE_LOGIN;
	cam->was_interrupted = false;
	cam->reached_login |= cam->halt == CAMERA_RUNS;
	say(cam, "\npcam1 login: ");
	if (line_read(cam, LINE_OF_SHELL, name, sizeof(name)) != LINE_ENTERED || name[0] == '\0')
		return false;
	say(cam, "Password: ");
	if (line_read(cam, LINE_HIDDEN, password, sizeof(password)) != LINE_ENTERED)
		return false;
	if (text_equal(name, "root") && text_equal(password, "practice"))
		return true;
	camera_wait(cam, 1500);
	say(cam, "Login incorrect\n");
	return false;
}

void shell_run(struct camera *cam)
{
	cam->rx_limit = CAMERA_RX_MAX;
	while (cam->halt == CAMERA_RUNS)
		if (log_in(cam))
			run_session(cam);
}
