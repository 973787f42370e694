/* The practice camera's process: options, files, and the announcement on standard output. */
#include "src/practice/practice_device.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <termios.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/practice/bench.h"
#include "src/practice/camera.h"

enum { TTL_DEFAULT_S = 3600, TTL_MAX_S = 7 * 86400, BAUD_DEFAULT = 115200, BAUD_MAX = 4000000 };

struct options {
	const char *folder;
	size_t kind;
	unsigned ttl_s, baud;
	uint64_t seed;
	bool fast, off;
};

static void print_usage(FILE *to)
{
	fprintf(to, "use: unbrick practice-device --kind KIND --folder DIR [--ttl S] [--fast] [--baud N] [--seed N] [--off]\n");
	fprintf(to, "kinds:");
	for (size_t i = 0; practice_kind_name(i) != NULL; i++)
		fprintf(to, " %s", practice_kind_name(i));
	fputc('\n', to);
}

static int usage(const char *why, const char *what)
{
	fprintf(stderr, "unbrick practice-device: %s%s\n", why, what);
	print_usage(stderr);
	return 2;
}

static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *ret_value)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || *text == '-' || value < least || value > most)
		return false;
	*ret_value = value;
	return true;
}

static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "kind", required_argument, NULL, 'k' }, { "folder", required_argument, NULL, 'd' },
		{ "ttl", required_argument, NULL, 't' },  { "fast", no_argument, NULL, 'f' },
		{ "baud", required_argument, NULL, 'b' }, { "seed", required_argument, NULL, 's' },
		{ "off", no_argument, NULL, 'o' },	  { 0 },
	};
	uint64_t ttl_s = TTL_DEFAULT_S, baud = BAUD_DEFAULT;
	bool has_kind = false;
	int option;

	*options = (struct options){ .seed = 1 };
	optind = 1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'k' && !flash_kind_find(optarg, &options->kind))
			return usage("there is no kind of camera named ", optarg);
		if ((option == 't' && !parse_number(optarg, 1, TTL_MAX_S, &ttl_s)) ||
		    (option == 'b' && !parse_number(optarg, 300, BAUD_MAX, &baud)) ||
		    (option == 's' && !parse_number(optarg, 0, UINT64_MAX, &options->seed)))
			return usage("not a number it can use: ", optarg);
		if (option == '?')
			return usage("cannot understand ", argv[optind - 1]);
		has_kind |= option == 'k';
		options->fast |= option == 'f';
		options->off |= option == 'o';
		if (option == 'd')
			options->folder = optarg;
	}
	if (optind < argc)
		return usage("cannot understand ", argv[optind]);
	if (!has_kind || options->folder == NULL)
		return usage("--kind and --folder are needed", "");
	options->ttl_s = (unsigned)ttl_s;
	options->baud = (unsigned)baud;
	return 0;
}

/* What the flash and the image take is more than a small folder of state may have. */
static enum status file_error(const char *folder, const char *path, const char *doing, int number, struct error *reterr)
{
	enum status status = error_set(reterr, status_of_errno(number), "cannot %s '%s': %s", doing, path, strerror(number));
	char needed[24], room[24] = "an unknown amount";
	struct statvfs about;

	if (status != STATUS_NO_SPACE)
		return status;
	/* What it did get would keep the disk full. */
	unlink(path);
	if (statvfs(folder, &about) == 0)
		text_size(room, sizeof(room), (uint64_t)about.f_bavail * about.f_frsize);
	return error_hint(reterr, "make room: it takes %s, and the disk of '%.100s' has %s free; or use another folder with --state",
			  text_size(needed, sizeof(needed), FLASH_SIZE + IMAGE_SIZE), folder, room);
}

static enum status map_flash(const char *folder, struct flash *flash, struct error *reterr)
{
	char path[BENCH_PATH_MAX];
	AUTO_CLOSE int fd = -1;
	void *at;

	text_format(path, sizeof(path), "%s/flash.bin", folder);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	/* Allocated, not merely long: a full disk must show here and not as SIGBUS in the mapping. */
	if (fd < 0 || (errno = posix_fallocate(fd, 0, FLASH_SIZE)) != 0)
		return file_error(folder, path, "make the camera's flash", errno, reterr);
	at = mmap(NULL, FLASH_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return error_set(reterr, STATUS_NO_MEMORY, "cannot map '%s': %s", path, strerror(errno));
	flash->data = at;
	return STATUS_OK;
}

static enum status write_image(const char *folder, const uint8_t *image, struct error *reterr)
{
	char path[BENCH_PATH_MAX];
	FILE *file;
	int number;
	bool ok;

	text_format(path, sizeof(path), "%s/firmware.bin", folder);
	file = fopen(path, "we");
	if (file == NULL)
		return file_error(folder, path, "write", errno, reterr);
	errno = 0;
	ok = fwrite(image, 1, IMAGE_SIZE, file) == IMAGE_SIZE;
	number = errno;
	if (fclose(file) != 0 && ok) {
		number = errno;
		ok = false;
	}
	return ok ? STATUS_OK : file_error(folder, path, "write", number, reterr);
}

/* RAM is mapped, not allocated: only what the camera touches costs anything. */
static enum status make_camera(struct camera *cam, const struct options *options, struct error *reterr)
{
	enum status status;
	void *ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*cam = (struct camera){
		.kind = options->kind,
		.fast = options->fast,
		.baud = options->baud,
		.power = !options->off,
		.link = true,
		.rx_limit = LOADER_FIFO,
		.random = options->seed + 1,
		.halt = CAMERA_OFF,
	};
	if (ram == MAP_FAILED)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the camera's RAM");
	cam->ram = ram;
	cam->image = malloc(IMAGE_SIZE);
	if (cam->image == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the camera's image");
	if (mkdir(options->folder, 0700) != 0 && errno != EEXIST)
		return error_set(reterr, STATUS_IO, "cannot make the folder '%s': %s", options->folder,
				 strerror(errno));
	status = map_flash(options->folder, &cam->flash, reterr);
	if (status != STATUS_OK)
		return status;
	flash_make(&cam->flash, cam->image, options->seed);
	flash_break(&cam->flash, options->kind, options->seed);
	return write_image(options->folder, cam->image, reterr);
}

static void free_camera(struct camera *cam)
{
	if (cam->ram != NULL)
		munmap(cam->ram, RAM_SIZE);
	if (cam->flash.data != NULL)
		munmap(cam->flash.data, FLASH_SIZE);
	free(cam->image);
	free(cam);
}

static enum status run(struct camera *cam, struct bench *bench, const struct options *options, struct error *reterr)
{
	enum status status = make_camera(cam, options, reterr);

	if (status == STATUS_OK)
		status = bench_init(bench, cam, options->folder, options->ttl_s, reterr);
	if (status != STATUS_OK)
		return status;
	cam->bench = bench;
	printf("pty=%s\ntty=%s\nkind=%s\nlabel=%s\nimage=%s/firmware.bin\ncontrol=%s\nbaud=%u\nready=true\n",
	       bench->pty, bench->tty_path, practice_kind_name(cam->kind), practice_kind_label(cam->kind),
	       options->folder, bench->control_path, cam->baud);
	if (fflush(stdout) != 0)
		return error_set(reterr, STATUS_IO, "cannot announce the practice camera: %s", strerror(errno));
	camera_run(cam);
	return STATUS_OK;
}

int practice_device_main(int argc, char **argv)
{
	struct options options;
	struct bench bench = { .master = -1, .slave = -1, .control = -1, .signals = -1 };
	struct error error = { 0 };
	struct camera *cam;
	int wrong;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		print_usage(stdout);
		return fflush(stdout) == 0 ? 0 : 1;
	}
	wrong = parse_options(argc, argv, &options);
	if (wrong != 0)
		return wrong;
	for (size_t i = 0; i < BENCH_CLIENTS; i++)
		bench.client[i].fd = -1;
	cam = calloc(1, sizeof(*cam));
	if (cam == NULL) {
		fprintf(stderr, "unbrick practice-device: no memory\n");
		return 1;
	}
	if (run(cam, &bench, &options, &error) != STATUS_OK) {
		fprintf(stderr, "unbrick practice-device: %s%s%s\n", error.text, error.hint[0] != '\0' ? "; " : "",
			error.hint);
		/* For the program that started it, whose terminal is not written to. */
		printf("hint=%s\nfailed=%s\n", error.hint, error.text);
		fflush(stdout);
	}
	bench_done(&bench);
	free_camera(cam);
	return error.status == STATUS_OK ? 0 : 1;
}
