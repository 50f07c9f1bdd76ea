mod suspects;
