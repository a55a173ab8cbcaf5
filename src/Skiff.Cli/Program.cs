// The entry of this program.
return 0;
