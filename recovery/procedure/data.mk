librecovery_a_SOURCES += \
	recovery/procedure/procedure.c recovery/procedure/procedure.h \
	recovery/procedure/profile.c recovery/procedure/profile.h

check_PROGRAMS += tests/unit/test_procedure
tests_unit_test_procedure_SOURCES = tests/unit/test_procedure.c
tests_unit_test_procedure_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
