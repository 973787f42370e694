librecovery_a_SOURCES += \
	recovery/image/image.c recovery/image/image.h recovery/image/format.c recovery/image/format.h recovery/image/registry.c recovery/image/arch.c \
	recovery/image/blank.c recovery/image/web_page.c recovery/image/uimage.c \
	recovery/image/fdt.c recovery/image/fdt.h recovery/image/fit.c \
	recovery/image/linux.c recovery/image/squashfs.c recovery/image/packed.c recovery/image/elf.c
# update bundles, file systems, disks, archives
librecovery_a_SOURCES += \
	recovery/image/elf.h recovery/image/programs.c recovery/image/programs.h \
	recovery/image/frames.c recovery/image/xz.c recovery/image/zip.c recovery/image/sevenzip.c recovery/image/ar.c \
	recovery/image/tar.c recovery/image/tar.h recovery/image/cpio.c recovery/image/cpio.h \
	recovery/image/config_text.c recovery/image/config_text.h recovery/image/mender.c recovery/image/mender.h recovery/image/swupdate.c \
	recovery/image/squashfs.h recovery/image/squashfs_files.c recovery/image/block_codecs.c recovery/image/block_codecs.h \
	recovery/image/rauc.c recovery/image/inflate.c recovery/image/inflate.h \
	recovery/image/ext.c recovery/image/iso9660.c recovery/image/cramfs.c recovery/image/small_fs.c \
	recovery/image/jffs2.c recovery/image/ubi.c recovery/image/ubifs.c recovery/image/ubifs.h \
	recovery/image/fat.c recovery/image/fat.h recovery/image/disk.c \
	recovery/image/sunxi.c recovery/image/rockchip.c recovery/image/imx.c recovery/image/boot_rom.c recovery/image/camera_rom.c \
	recovery/image/fip.c recovery/image/uefi.c recovery/image/cab.c recovery/image/bmap.c
check_PROGRAMS += tests/unit/test_image tests/integration/test_image_corpus
tests_unit_test_image_SOURCES = tests/unit/test_image.c
tests_unit_test_image_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
tests_integration_test_image_corpus_SOURCES = tests/integration/test_image_corpus.c
tests_integration_test_image_corpus_LDADD = libstore.a librecovery.a libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
FUZZERS += tests/fuzz/fuzz_image.c
check_PROGRAMS += tests/unit/test_image_disks tests/unit/test_image_bundles
tests_unit_test_image_bundles_SOURCES = tests/unit/test_image_bundles.c tests/unit/image_maker.c tests/unit/image_maker.h
tests_unit_test_image_bundles_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_image_disks_SOURCES = tests/unit/test_image_disks.c tests/unit/image_maker.c tests/unit/image_maker.h
tests_unit_test_image_disks_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
