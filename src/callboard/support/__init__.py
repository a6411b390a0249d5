"""What people ask the operators: requests with their context, answers, and the letters about both."""
