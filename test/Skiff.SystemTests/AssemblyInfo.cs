// One harbour for all tests of this assembly.
using Skiff.SystemTests.Harness;

[assembly: AssemblyFixture(typeof(Port))]
