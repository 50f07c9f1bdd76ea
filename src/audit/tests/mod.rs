mod pickles;
