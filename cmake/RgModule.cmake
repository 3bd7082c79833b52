# rg_add_module(NAME SOURCES ... [DEPENDS ...] [LIBS ...] [INCLUDE ...])
#
# One static library per folder. DEPENDS names the modules it may call (ci/layers.txt says which
# those may be); LIBS names third-party targets; INCLUDE adds a public header folder.
function(rg_add_module name)
    cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LIBS;INCLUDE" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    target_include_directories(${name} PUBLIC ${ARG_INCLUDE} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
    target_link_libraries(${name} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_LIBS})
    target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
    rg_set_warnings(${name})
endfunction()
